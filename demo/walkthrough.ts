import { ADMINISTRATOR } from './admin/administrator.js';

const ALICE = { email: 'alice@example.com', password: 'correct horse battery staple' };
const NEW_PASSWORD = 'four more words than before';

interface Step {
  /** What happens, and the status to expect. A comment in the shell: without quotes, which some shells would read. */
  readonly says: string;
  readonly command: string;
}

/** Lines for a POSIX shell, to be pasted in their order. */
export function walkthrough(url: string): string[] {
  const steps = [...logout(), ...devices(), ...passwordChange(), ...administration()];
  // Comments have lines of their own: behind a command, zsh would take them for arguments.
  return [`URL=${url}`, ...steps.flatMap(({ says, command }) => [`# ${says}`, command])];
}

function logout(): Step[] {
  return [
    { says: 'Alice registers: 201', command: show(`$URL/auth/register ${form(ALICE)}`) },
    { says: 'She logs in', command: login('TOKEN', ALICE) },
    { says: 'Her token is good: 200', command: show(`$URL/me ${bearer('TOKEN')}`) },
    {
      says: 'She logs out everywhere: 204',
      command: show(`-X POST $URL/auth/logout-everywhere ${bearer('TOKEN')}`),
    },
    {
      says: 'The token is refused: 401 logged_out_everywhere',
      command: show(`$URL/me ${bearer('TOKEN')}`),
    },
  ];
}

function devices(): Step[] {
  return [
    { says: 'She logs in on a phone', command: login('PHONE', ALICE) },
    { says: 'And here again', command: login('TOKEN', ALICE) },
    {
      says: 'She logs out on the phone: 204',
      command: show(`-X POST $URL/auth/logout ${bearer('PHONE')}`),
    },
    {
      says: 'The phone is out: 401 session_ended',
      command: show(`$URL/me ${bearer('PHONE')}`),
    },
    { says: 'Here she is still in: 200', command: show(`$URL/me ${bearer('TOKEN')}`) },
  ];
}

function passwordChange(): Step[] {
  const body = JSON.stringify({
    currentPassword: ALICE.password,
    newPassword: NEW_PASSWORD,
    keepThisDevice: true,
  });
  const change = `$URL/auth/password ${bearer('TOKEN')} -H 'Content-Type: application/json' -d '${body}'`;
  return [
    { says: 'She logs in on the phone again', command: login('PHONE', ALICE) },
    { says: 'She changes her password and keeps this device', command: keep('TOKEN', change) },
    { says: 'Here she is still in: 200', command: show(`$URL/me ${bearer('TOKEN')}`) },
    {
      says: 'The phone is out: 401 password_changed',
      command: show(`$URL/me ${bearer('PHONE')}`),
    },
  ];
}

function administration(): Step[] {
  const logOut = `-X POST $URL/admin/users/${ALICE.email}/logout`;
  return [
    { says: 'She is no administrator: 403', command: show(`${logOut} ${bearer('TOKEN')}`) },
    { says: 'The administrator logs in', command: login('ADMIN', ADMINISTRATOR) },
    { says: 'And logs her out: 200', command: show(`${logOut} ${bearer('ADMIN')}`) },
    {
      says: 'She is out here too: 401 logged_out_everywhere',
      command: show(`$URL/me ${bearer('TOKEN')}`),
    },
  ];
}

/** The body of the answer, and its status. */
function show(request: string): string {
  return `curl -s -w ' -> %{http_code}\\n' ${request}`;
}

function login(variable: string, credentials: { email: string; password: string }): string {
  return keep(variable, `$URL/auth/login ${form(credentials)}`);
}

/** Puts the token of the answer into a variable. */
function keep(variable: string, request: string): string {
  return `${variable}=$(curl -s ${request} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`;
}

function bearer(variable: string): string {
  return `-H "Authorization: Bearer $${variable}"`;
}

function form({ email, password }: { email: string; password: string }): string {
  return `-d email=${email} -d 'password=${password}'`;
}
