import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Project } from './project.js';

/** What the main entry needs: its dependencies, and the peers that are not optional. */
const NEEDED = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  'jws',
  'ms',
  'reflect-metadata',
  'rxjs',
];
const TO_COMPILE = ['@types/node', 'typescript'];

let project: Project;

beforeAll(() => {
  project = Project.create('main-entry', 'small-application');
  project.unpack(inject('tarball'));
  project.link([...NEEDED, ...TO_COMPILE]);
});

afterAll(() => project?.remove());

it('an application of the main entry compiles without typeorm, pg and passport', async () => {
  expect(await project.compile()).toBe('');
});

it('and works without them', async () => {
  expect(JSON.parse(await project.run('dist/main.js'))).toEqual({
    statuses: [200, 204, 401],
    absent: [
      'typeorm',
      'pg',
      'passport',
      '@nestjs/passport',
      '@nestjs/graphql',
      '@nestjs/websockets',
      '@nestjs/microservices',
    ],
  });
});
