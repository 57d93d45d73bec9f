import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { expect, it } from 'vitest';
import { useApp } from '../support/use-app.js';

const app = useApp();

it('the endpoint is in the OpenAPI document of an application that has @nestjs/swagger', () => {
  const config = new DocumentBuilder().addBearerAuth().build();
  const { paths } = SwaggerModule.createDocument(app().app, config);
  expect(paths['/auth/logout-everywhere']).toMatchObject({
    post: {
      summary: 'End every token of the caller, on every device',
      security: [{ bearer: [] }],
      requestBody: { required: false },
      responses: {
        '200': {
          content: {
            'application/json': {
              schema: { required: ['access_token', 'token_type', 'expires_in'] },
            },
          },
        },
        '204': {},
        '401': {},
        '503': {},
      },
    },
  });
});
