import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Project } from './project.js';

let project: Project;
let npmSaid: string;

beforeAll(async () => {
  project = Project.create('inside-a-framework');
  await project.npm(['pack', './framework']);
  await project.install('./framework-on-nestjs-11-1.0.0.tgz');
  npmSaid = await project.install(inject('tarball'));
});

afterAll(() => project?.remove());

it('the package installs where a framework has brought NestJS 11, which the application does not name', async () => {
  expect(npmSaid).not.toMatch(/peer|ERESOLVE/i);
  await project.checkInstalled();
  const core = readFileSync(project.path('node_modules/@nestjs/core/package.json'), 'utf8');
  expect(core).toContain('"version": "11.');
});
