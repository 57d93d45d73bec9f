import {
  BadRequestException,
  ConflictException,
  Controller,
  type ControllerOptions,
  Delete,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Query,
  Req,
  Res,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { forbidStorage, unauthorized } from '../http/http-answers.js';
import { HTTP_SETTINGS, type HttpSettings } from '../http/http-settings.js';
import { Public } from '../http/public.decorator.js';
import { RevocableJwtGuard } from '../http/revocable-jwt.guard.js';
import { TokenClaims } from '../http/token-claims.decorator.js';
import type { TokenClaims as Claims } from '../rule/claims.js';
import { refusal } from '../rule/refusal.js';
import { isSessionId } from '../sessions/session-id.js';
import { TokenSessions } from '../sessions/token-sessions.service.js';
import { TokenVerifier } from '../tokens/token-verifier.service.js';
import type { Verdict } from '../tokens/verdict.js';
import { answering } from './endpoint-errors.js';
import type { EndpointsOptions } from './endpoints-options.js';
import {
  DocumentEnd,
  DocumentList,
  DocumentLogout,
  DocumentLogoutOthers,
  DocumentRefresh,
} from './openapi-sessions.js';
import { type CookieWriter, type RefreshRequest, SessionAnswers } from './session-answers.js';
import type { SessionListResponse } from './session-list-response.js';

/** As much of a request as is read: Express and Fastify have it. */
interface DeviceRequest extends RefreshRequest {
  readonly ip?: string;
}

/** A request that names a session in its path. */
interface NamedRequest extends DeviceRequest {
  readonly params: { readonly id: string };
}

/** The controllers of the endpoints of sessions. */
export function sessionControllers(endpoints: EndpointsOptions): Type<object>[] {
  return [refreshController, listController, othersController].map((make) => make(endpoints));
}

/** `POST <path>/refresh` and `POST <path>/logout`. */
function refreshController(endpoints: EndpointsOptions): Type<object> {
  @Controller(placeOf(endpoints))
  class RefreshController extends SessionEndpoints {
    @DocumentRefresh(endpoints)
    @Public()
    @Post('refresh')
    @HttpCode(200)
    refresh(
      @Req() request: DeviceRequest,
      @Res({ passthrough: true }) response: CookieWriter,
    ): Promise<unknown> {
      return answering(response, this.settings, () => this.answerRefresh(request, response));
    }

    @DocumentLogout(endpoints)
    @Public()
    @Post('logout')
    @HttpCode(204)
    logout(
      @Req() request: DeviceRequest,
      @Res({ passthrough: true }) response: CookieWriter,
    ): Promise<void> {
      return answering(response, this.settings, () => this.answerLogout(request, response));
    }
  }
  return RefreshController;
}

/** `GET <path>/sessions` and `DELETE <path>/sessions/:id`. */
function listController(endpoints: EndpointsOptions): Type<object> {
  const { listResponse = (page: SessionListResponse): unknown => page } = endpoints;
  @Controller({ ...placeOf(endpoints), path: `${endpoints.path}/sessions` })
  @UseGuards(RevocableJwtGuard)
  class ListController extends SessionEndpoints {
    @DocumentList(endpoints)
    @Get()
    sessionsOfCaller(
      @TokenClaims() claims: Claims,
      @Query() query: Record<string, unknown>,
      @Res({ passthrough: true }) response: CookieWriter,
    ): Promise<unknown> {
      return answering(response, this.settings, async () =>
        listResponse(await this.list(claims, query, response)),
      );
    }

    @DocumentEnd(endpoints)
    @Delete(':id')
    @HttpCode(204)
    end(
      @TokenClaims() claims: Claims,
      @Req() request: NamedRequest,
      @Res({ passthrough: true }) response: CookieWriter,
    ): Promise<void> {
      return answering(response, this.settings, () => this.endOne(claims, request));
    }
  }
  return ListController;
}

/** `POST <path>/logout-others`. */
function othersController(endpoints: EndpointsOptions): Type<object> {
  @Controller(placeOf(endpoints))
  class OthersController extends SessionEndpoints {
    @DocumentLogoutOthers(endpoints)
    @Post('logout-others')
    @HttpCode(204)
    @UseGuards(RevocableJwtGuard)
    logoutOthers(
      @TokenClaims() claims: Claims,
      @Req() request: DeviceRequest,
      @Res({ passthrough: true }) response: CookieWriter,
    ): Promise<void> {
      return answering(response, this.settings, () => this.endOthers(claims, request));
    }
  }
  return OthersController;
}

function placeOf({ path, version }: EndpointsOptions): ControllerOptions {
  return { path, ...(version !== undefined && { version }) };
}

/** What the endpoints do, wherever they are. */
@Injectable()
class SessionEndpoints {
  @Inject(HTTP_SETTINGS)
  protected readonly settings!: HttpSettings;

  constructor(
    private readonly sessions: TokenSessions,
    private readonly verifier: TokenVerifier,
    private readonly answers: SessionAnswers,
  ) {}

  /** A refused refresh clears no cookie: another tab may have logged in since. */
  protected async answerRefresh(request: DeviceRequest, response: CookieWriter): Promise<unknown> {
    forbidStorage(response);
    const refreshToken = this.answers.refreshTokenOf(request);
    const answer =
      refreshToken === undefined
        ? refusal('refresh_invalid')
        : await this.sessions.refresh(refreshToken, visitOf(request));
    if (!answer.accepted) throw unauthorized(response, answer);
    return this.answers.write(response, answer);
  }

  /**
   * The refresh token alone is enough, so that a device can log out whose access token has expired. Both may be of different
   * sessions, where another tab has replaced the cookie: then neither is left.
   */
  protected async answerLogout(request: DeviceRequest, response: CookieWriter): Promise<void> {
    const refreshToken = this.answers.refreshTokenOf(request);
    const token = this.settings.jwtFromRequest(request);
    // Before the refresh token has ended its session, and without one to learn what is missing.
    const access =
      token || refreshToken === undefined ? await this.verifier.verify(token) : undefined;
    const ended =
      refreshToken === undefined
        ? undefined
        : await this.sessions.logout(refreshToken, visitOf(request));
    if (ended?.accepted !== true) requireSession(access ?? ended!, response);
    if (access?.accepted === true) await this.logoutByAccessToken(access.claims, request);
    this.answers.clear(response);
  }

  protected async endOthers({ sub: of, sid }: Claims, request: DeviceRequest): Promise<void> {
    const call = { by: of, ...visitOf(request) };
    if (sid === undefined) await this.sessions.endAll(of, call);
    else await this.sessions.endOthers({ of, except: sid, ...call });
  }

  protected async list(
    { sub, sid }: Claims,
    query: Record<string, unknown>,
    response: CookieWriter,
  ): Promise<SessionListResponse> {
    const { limit, after } = pageOf(query);
    forbidStorage(response);
    const page = await this.sessions.list(sub, { limit, after });
    const next = page[limit - 1]?.id;
    return {
      sessions: page.map((session) => Object.assign(session, { current: session.id === sid })),
      ...(next !== undefined && { next }),
    };
  }

  /** Whether there was such a session is not said: it may be somebody else's. */
  protected async endOne({ sub: of, sid }: Claims, request: NamedRequest): Promise<void> {
    const { id } = request.params;
    const reason = id.toLowerCase() === sid ? 'logged_out' : 'ended_by_user';
    await this.sessions.end(id, { of, by: of, reason, ...visitOf(request) });
  }

  private async logoutByAccessToken(
    { sub: of, sid }: Claims,
    request: DeviceRequest,
  ): Promise<void> {
    if (sid === undefined) return;
    await this.sessions.end(sid, { of, by: of, reason: 'logged_out', ...visitOf(request) });
  }
}

/** @throws the refusal, or 409 where there is no session to end */
function requireSession(verdict: Verdict<unknown>, response: CookieWriter): void {
  if (!verdict.accepted) throw unauthorized(response, verdict);
  if (verdict.claims.sid === undefined) {
    throw new ConflictException('The token has no session: log out everywhere instead');
  }
}

function pageOf({ limit: asked = '50', after }: Record<string, unknown>): {
  limit: number;
  after: string | undefined;
} {
  const limit = typeof asked === 'string' && /^\d+$/.test(asked) ? Number(asked) : 0;
  if (limit < 1 || limit > 200) {
    throw new BadRequestException('limit must be a whole number from 1 to 200');
  }
  if (after !== undefined && !(typeof after === 'string' && isSessionId(after))) {
    throw new BadRequestException('after must be the id of a session');
  }
  return { limit, after };
}

function visitOf({ headers, ip: address }: DeviceRequest): {
  userAgent: string | undefined;
  address: string | undefined;
} {
  const userAgent = headers['user-agent'];
  return { userAgent: typeof userAgent === 'string' ? userAgent : undefined, address };
}
