// What runs in a tab of the browser.
import { sharedStorage, TokenClient, webStorage } from './client.mjs';

const MOST_ATTEMPTS = 1000;

const cookie = location.search === '?cookie';
const gone = [];
let passedMs = 0;

const client = new TokenClient({
  url: '/auth',
  cookie,
  storage: cookie ? sharedStorage() : webStorage(localStorage),
  onGone: (errorCode) => gone.push(errorCode),
  now: () => Date.now() + passedMs,
});

globalThis.logIn = async (credentials) => {
  const answer = await fetch('/device/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  await client.login(await answer.json());
};

/** The access token expires by the clock of the tab. */
globalThis.letTimePass = () => {
  passedMs += 900_000;
};

/** So many calls at once, each repeated until a server has answered. Returns their statuses, and why the login was gone. */
globalThis.call = async (count) => ({
  statuses: await Promise.all(Array.from({ length: count }, askUntilAnswered)),
  gone,
});

async function askUntilAnswered() {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    // What fails here was dropped on the way, or is answered for by the balancer of a server that is gone.
    const { status } = await client.fetch('/device/me').catch(() => ({ status: 0 }));
    if (status > 0 && status < 500) return status;
  }
  return 0;
}
