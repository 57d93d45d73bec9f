import { Client } from 'pg';

/** Sends one statement over a connection for itself. */
export async function ask<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  // The server may end the connection before the client does.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** The end of a connection that the server cuts, which comes with errors too. */
export function endOf(client: Client): Promise<'ended'> {
  client.on('error', () => undefined);
  return new Promise((resolve) => client.once('end', () => resolve('ended')));
}
