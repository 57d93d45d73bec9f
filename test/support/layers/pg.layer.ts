import { pgStore } from 'nestjs-token-invalidation/pg';
import { Pool } from 'pg';
import type { Layer, LayerUser, LayerUsers } from './layer.js';

export const pgLayer: Layer = {
  name: 'plain pg',
  replicates: false,
  async open(url): Promise<LayerUsers> {
    const pool = new Pool({ connectionString: url });
    pool.on('error', () => {});
    const query = async (sql: string, ...values: unknown[]): Promise<LayerUser> =>
      (await pool.query<LayerUser & object>(sql, values)).rows[0]!;
    const insert = 'INSERT INTO users (id, email, password_hash) VALUES ($1, $2, $3) RETURNING *';
    return {
      store: pgStore({ pool, table: 'users' }),
      notTransaction: pool,
      create: ({ id = crypto.randomUUID(), email, passwordHash }) =>
        query(insert, id, email, passwordHash),
      load: (id) => query('SELECT * FROM users WHERE id = $1', id),
      find: (email) => query('SELECT * FROM users WHERE email = $1', email),
      save: (stale, role) => {
        const state = 'token_version = $3, password_changed_at = $4, logout_all_at = $5';
        const { token_version, password_changed_at, logout_all_at } = stale as LayerUser &
          Record<string, unknown>;
        return query(
          `UPDATE users SET role = $2, ${state} WHERE id = $1`,
          stale.id,
          role,
          token_version,
          password_changed_at,
          logout_all_at,
        );
      },
      changeHash: (id, hash) =>
        query('UPDATE users SET password_hash = $2 WHERE id = $1', id, hash),
      remove: (id) => query('DELETE FROM users WHERE id = $1', id),
      transaction: async (work) => {
        const client = await pool.connect();
        try {
          await client.query('BEGIN');
          await work(client);
          await client.query('COMMIT');
        } catch (error) {
          await client.query('ROLLBACK');
          throw error;
        } finally {
          client.release();
        }
      },
      close: () => pool.end(),
    };
  },
};
