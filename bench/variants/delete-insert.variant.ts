import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import {
  Body,
  CanActivate,
  Controller,
  ExecutionContext,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Module,
  Post,
  Req,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Pool } from 'pg';
import { forge } from './forge.js';
import { bearer, EXPIRES_IN, SECRET } from './jwt.js';
import { prepareRefreshTokens } from './other-tables.js';
import { expressApp, fastifyApp, listen } from './plain-app.js';
import {
  PLATFORMS,
  type RunningVariant,
  type Variant,
  type VariantContext,
  type WantedSessions,
} from './variant.js';

const EXPIRES_IN_SECONDS = 2 * 60 * 60;

/** Takes the token, whose owner must still be active. Of two that send it at once, one finds it gone. */
const TAKE = {
  name: 'take-refresh-token',
  text: `
    DELETE FROM refresh_tokens AS t USING users AS u
    WHERE t.token_hash = $1 AND u.id = t.user_id AND u.active
    RETURNING t.user_id, t.expires_at > now() AS is_valid, u.token_version`,
};

const PUT = {
  name: 'put-refresh-token',
  text: `
    INSERT INTO refresh_tokens (token_hash, user_id, expires_at)
    VALUES ($1, $2, now() + interval '30 days')`,
};

const PUT_MANY = `
  INSERT INTO refresh_tokens (token_hash, user_id, expires_at)
  SELECT asked.token_hash, asked.user_id, now() + interval '30 days'
  FROM unnest($1::bytea[], $2::uuid[]) AS asked (token_hash, user_id)`;

/**
 * The refresh that articles and most libraries have: each replaces the row of its token by a row of the next one, in a
 * transaction. Written with care: pg without an ORM, two prepared statements, a key that is parsed once, random tokens
 * of which the table has the hash. Nobody is logged out before the access token expires.
 */
export const deleteInsert: Variant = {
  name: 'delete-insert',
  title: 'refresh tokens in a table, one row deleted and one inserted',
  platforms: PLATFORMS,
  revokedStatus: 200,
  forgedStatus: 401,
  start: startDeleteInsert,
};

async function startDeleteInsert(context: VariantContext): Promise<RunningVariant> {
  const pool = new Pool({ connectionString: context.databaseUrl, max: 10 });
  await prepareRefreshTokens(pool);
  const app = await (context.platform === 'express' ? expressApp : fastifyApp)(moduleOf(pool));
  const url = await listen(app);
  const jwt = app.get(JwtService);
  const credential = (id: string) => bearer(jwt.sign({ sub: id, ver: 0 }));
  const revoked = credential(context.revokedUserId);
  await pool.query('DELETE FROM refresh_tokens WHERE user_id = $1', [context.revokedUserId]);
  return {
    url,
    credentials: context.userIds.map(credential),
    revoked,
    forged: forge(revoked),
    async startSessions({ count }: WantedSessions) {
      const { userIds } = context;
      const tokens = Array.from({ length: count }, newToken);
      const owners = tokens.map((_, n) => userIds[n % userIds.length]!);
      await pool.query(PUT_MANY, [tokens.map(hashOf), owners]);
      return { path: '/auth/refresh', credentials: tokens };
    },
    refresh: async (token) => (await app.get(RefreshTokens).refresh(token)).refresh_token,
    close: () => app.close().then(() => pool.end()),
  };
}

interface Taken {
  readonly user_id: string;
  readonly is_valid: boolean;
  readonly token_version: number;
}

@Injectable()
class RefreshTokens {
  constructor(
    @Inject(Pool) private readonly pool: Pool,
    @Inject(JwtService) private readonly jwt: JwtService,
  ) {}

  async refresh(token: unknown): Promise<{ readonly refresh_token: string }> {
    if (typeof token !== 'string') throw new UnauthorizedException();
    const next = newToken();
    const taken = await this.replace(token, next);
    if (!taken?.is_valid) throw new UnauthorizedException();
    const answer = {
      access_token: this.jwt.sign({ sub: taken.user_id, ver: taken.token_version }),
      token_type: 'Bearer',
      expires_in: EXPIRES_IN_SECONDS,
      refresh_token: next,
    };
    return answer;
  }

  private async replace(token: string, next: string): Promise<Taken | undefined> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const { rows } = await client.query<Taken>({ ...TAKE, values: [hashOf(token)] });
      const [taken] = rows;
      if (taken?.is_valid) await client.query({ ...PUT, values: [hashOf(next), taken.user_id] });
      await client.query('COMMIT');
      client.release();
      return taken;
    } catch (error) {
      // Its transaction goes with it.
      client.release(true);
      throw error;
    }
  }
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

interface AuthorizedRequest {
  readonly headers: { readonly authorization?: string };
  user?: { readonly sub: string };
}

@Injectable()
class JwtGuard implements CanActivate {
  constructor(@Inject(JwtService) private readonly jwt: JwtService) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AuthorizedRequest>();
    try {
      request.user = this.jwt.verify(request.headers.authorization?.slice('Bearer '.length) ?? '');
      return true;
    } catch {
      throw new UnauthorizedException();
    }
  }
}

@Controller()
class RefreshController {
  constructor(@Inject(RefreshTokens) private readonly tokens: RefreshTokens) {}

  @Get('me')
  @UseGuards(JwtGuard)
  me(@Req() request: AuthorizedRequest): { id: string | undefined } {
    return { id: request.user?.sub };
  }

  @Post('auth/refresh')
  @HttpCode(200)
  refresh(@Body() body: { refresh_token?: unknown }): Promise<object> {
    return this.tokens.refresh(body.refresh_token);
  }
}

function moduleOf(pool: Pool) {
  const jwt = new JwtService({
    // Its types don't know what jsonwebtoken takes.
    secret: createSecretKey(SECRET, 'utf8') as unknown as Buffer,
    signOptions: { expiresIn: EXPIRES_IN },
  });

  @Module({
    controllers: [RefreshController],
    providers: [
      RefreshTokens,
      JwtGuard,
      { provide: Pool, useValue: pool },
      { provide: JwtService, useValue: jwt },
    ],
  })
  class DeleteInsertModule {}
  return DeleteInsertModule;
}
