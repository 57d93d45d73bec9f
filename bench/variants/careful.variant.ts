import { createSecretKey } from 'node:crypto';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Request,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { Pool } from 'pg';
import { startApp } from './app.js';
import { forge } from './forge.js';
import { bearer, SECRET } from './jwt.js';
import { JWT_MODULES } from './jwt-modules.js';
import { PLATFORMS, type Variant } from './variant.js';

const KEY = createSecretKey(SECRET, 'utf8');

/** What a careful engineer writes: a parsed key, and one prepared statement that reads only what is compared. */
export const careful: Variant = {
  name: 'careful',
  title: 'careful: KeyObject, one prepared SELECT',
  platforms: PLATFORMS,
  revokedStatus: 401,
  forgedStatus: 401,
  async start(context) {
    const pool = new Pool({ connectionString: context.databaseUrl, max: 10 });
    const { app, url } = await startApp(context, {
      imports: JWT_MODULES,
      controllers: [MeController],
      providers: [JwtStrategy, { provide: Pool, useValue: pool }],
    });
    const jwt = app.get(JwtService);
    const ids = [context.revokedUserId, ...context.userIds];
    const { rows } = await pool.query<State>(`${SELECT_STATE} WHERE id = ANY($1)`, [ids]);
    const versions = new Map(rows.map((state) => [state.id, state.token_version]));
    const [revoked, ...credentials] = ids.map((id) =>
      bearer(jwt.sign({ sub: id, ver: versions.get(id) })),
    );
    await pool.query(
      'UPDATE users SET token_version = token_version + 1, logout_all_at = now() WHERE id = $1',
      [context.revokedUserId],
    );
    const close = async () => {
      await app.close();
      await pool.end();
    };
    return { url, credentials, revoked: revoked!, forged: forge(revoked!), close };
  },
};

const SELECT_STATE =
  'SELECT id, active, token_version, password_changed_at, logout_all_at FROM users';

interface State {
  readonly id: string;
  readonly active: boolean;
  readonly token_version: number;
  readonly password_changed_at: Date | null;
  readonly logout_all_at: Date | null;
}

interface Payload {
  readonly sub: string;
  readonly ver: number;
  readonly iat: number;
}

@Injectable()
class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(@Inject(Pool) private readonly pool: Pool) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      ignoreExpiration: false,
      // Its types don't know what jsonwebtoken takes.
      secretOrKey: KEY as unknown as Buffer,
    });
  }

  async validate(payload: Payload): Promise<{ id: string }> {
    const { rows } = await this.pool.query<State>({
      name: 'token-state',
      text: `${SELECT_STATE} WHERE id = $1`,
      values: [payload.sub],
    });
    const state = rows[0];
    if (!state?.active || payload.ver !== state.token_version) throw new UnauthorizedException();
    for (const cutoff of [state.password_changed_at, state.logout_all_at]) {
      if (cutoff && payload.iat < Math.floor(cutoff.getTime() / 1000))
        throw new UnauthorizedException();
    }
    return { id: state.id };
  }
}

@Controller()
class MeController {
  @UseGuards(AuthGuard('jwt'))
  @Get('me')
  me(@Request() request: { user: { id: string } }): { id: string } {
    return { id: request.user.id };
  }
}
