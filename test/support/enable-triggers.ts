/** SQL that undoes `ALTER TABLE … DISABLE TRIGGER USER`: the library's triggers fire always, and boot checks it. */
export function enableTriggers(table: string): string {
  return `ALTER TABLE ${table} ENABLE TRIGGER USER;
    DO $$
    DECLARE
      name text;
    BEGIN
      FOR name IN SELECT tgname FROM pg_trigger
        WHERE tgrelid = '${table}'::regclass AND tgname LIKE 'zz\\_token\\_invalidation%'
      LOOP
        EXECUTE format('ALTER TABLE ${table} ENABLE ALWAYS TRIGGER %I', name);
      END LOOP;
    END $$`;
}
