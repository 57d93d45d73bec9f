/**
 * A reporter that makes a test of what went wrong outside of tests: Stryker looks at tests alone, and takes a mutant that
 * breaks the import of a spec, or a `beforeAll` of a whole file, for one that survived.
 */
export const fileFailures = {
  onTestModuleEnd({ task: file }) {
    const errors = file.result?.errors ?? [];
    if (errors.length === 0) return;
    file.tasks.push({
      type: 'test',
      name: 'runs at all',
      mode: 'run',
      file,
      meta: {},
      result: { state: 'fail', errors, duration: 0 },
    });
  },
};
