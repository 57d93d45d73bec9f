import { JwtModule } from '@nestjs/jwt';
import { PassportModule } from '@nestjs/passport';
import { EXPIRES_IN, SECRET } from './jwt.js';

/** What the Nest docs import. Apart from the secret itself, which applications without these need too. */
export const JWT_MODULES = [
  PassportModule,
  JwtModule.register({ secret: SECRET, signOptions: { expiresIn: EXPIRES_IN } }),
];
