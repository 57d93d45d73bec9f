import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Project } from './project.js';
import { LocalServer } from './servers.js';

type Answers = Record<string, string>;

interface Said {
  readonly closed: readonly { name: string; outcome: string; answers: Answers }[];
  readonly open: Answers;
  readonly anonymous: Answers;
  readonly recent: Answers;
  readonly outage: Answers;
  readonly events: readonly string[];
}

const FRAMEWORKS = ['Express, Apollo, socket.io', 'Fastify, Mercurius, ws'] as const;
const SOCKETS = { [FRAMEWORKS[0]]: 'socket.io', [FRAMEWORKS[1]]: 'ws' };
const OF_SOCKETS = ['@nestjs/websockets', '@nestjs/platform-ws', '@nestjs/platform-socket.io'];
const OF_GRAPHQL = ['@nestjs/graphql', '@nestjs/apollo', '@nestjs/mercurius', 'graphql'];

let nats: LocalServer | undefined;
let redis: LocalServer | undefined;

beforeAll(async () => {
  nats = await LocalServer.start('nats-server', (port) => ['-a', '127.0.0.1', '-p', String(port)]);
  redis = await LocalServer.start('redis-server', (port) =>
    `--port ${port} --bind 127.0.0.1 --save  --appendonly no`.split(' '),
  );
});

afterAll(async () => {
  await nats?.stop();
  await redis?.stop();
});

describe.each(['contexts-nestjs-12', 'contexts-nestjs-11'])('in the project %s', (name) => {
  let project: Project;
  let errors: string;
  let said: Record<string, Said>;

  beforeAll(async () => {
    project = Project.create(name, 'contexts');
    await project.install(inject('tarball'));
    errors = await project.compile();
    const answers = await project.run('dist/answers.js', {
      env: {
        ...(nats !== undefined && { NATS_URL: `nats://127.0.0.1:${nats.port}` }),
        ...(redis !== undefined && { REDIS_PORT: String(redis.port) }),
      },
    });
    said = JSON.parse(answers) as Record<string, Said>;
  });

  afterAll(() => project?.remove());

  it('an application with every context compiles', () => {
    expect(errors).toBe('');
  });

  describe.each(FRAMEWORKS)('with %s', (framework) => {
    const everywhere = (outcome: string): Answers => {
      const doors = ['http', 'query', 'subscription', SOCKETS[framework], 'tcp', 'grpc'];
      if (nats !== undefined) doors.push('nats');
      if (redis !== undefined) doors.push('redis');
      return Object.fromEntries(doors.map((door) => [door, outcome]));
    };

    it('every door gives the same code to each of twenty tokens', () => {
      expect(said[framework]!.closed).toHaveLength(20);
      for (const { name: token, outcome, answers } of said[framework]!.closed) {
        expect({ token, ...answers }).toEqual({ token, ...everywhere(outcome) });
      }
    });

    it('the decorators work at every door', () => {
      expect(said[framework]!.open).toEqual(everywhere('anyone'));
      expect(said[framework]!.anonymous).toEqual(everywhere('anyone'));
      expect(said[framework]!.recent).toEqual(everywhere('reauthentication_required'));
    });

    it('every door answers an outage as one', () => {
      expect(said[framework]!.outage).toEqual(everywhere('token_state_unavailable'));
    });

    it('an event with a refused token is dropped', () => {
      expect(said[framework]!.events).toEqual(['anna']);
    });
  });

  it('the audit knows which handlers are open, and stops the boot', async () => {
    // Before NestJS 12, an application's guard reaches no gateway.
    const [gateway, stopped] =
      name === 'contexts-nestjs-12' ? ['other guard', []] : ['unguarded', ['ws stops the boot']];
    expect(JSON.parse(await project.run('dist/audit.js'))).toEqual({
      open: ['graphql: unguarded', 'http: unguarded', 'rpc: unguarded', 'ws: unguarded'],
      stopped: ['graphql', 'http', 'rpc', 'ws'].map((context) => `${context} stops the boot`),
      own: ['graphql: other guard', 'http: other guard', 'rpc: unguarded', `ws: ${gateway}`],
      stoppedByOwn: ['rpc stops the boot', ...stopped],
      inherited:
        stopped.length > 0
          ? stopped
          : ['graphql', 'http', 'rpc', 'ws'].map((context) => `${context}: other guard`),
    });
  });

  it('a reference of a federated graph is guarded, and knows the caller', async () => {
    expect(JSON.parse(await project.run('dist/federation.js'))).toEqual({
      none: { readers: ['anyone', null], codes: ['token_missing'] },
      anna: { readers: ['anyone', 'anna'], codes: [] },
    });
  });

  it('an application with GraphQL needs no package of sockets and microservices', async () => {
    const others = [...OF_SOCKETS, '@nestjs/microservices'];
    const run = () => project.run('dist/only-graphql.js');
    expect(await project.without(others, run)).toBe('token_missing');
  });

  it('an application with sockets needs no package of GraphQL and microservices', async () => {
    const others = [...OF_GRAPHQL, '@nestjs/microservices'];
    const run = () => project.run('dist/only-ws.js');
    expect(await project.without(others, run)).toBe('token_missing');
  });
});
