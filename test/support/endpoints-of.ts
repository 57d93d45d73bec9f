import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** An endpoint, such as `POST /auth/refresh`. */
export interface Endpoint {
  readonly method: string;
  readonly path: string;
}

/** The endpoints of the library, as the OpenAPI document has them: its own are under auth, but for the public keys. */
export function endpointsOf(app: INestApplication): Endpoint[] {
  const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  return Object.entries(paths)
    .filter(([path]) => /^\/(?:auth|\.well-known)\//.test(path))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
}
