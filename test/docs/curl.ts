/** What a curl command of a document answered, and what the comment after it says. */
export interface CurlAnswer {
  readonly answer: string;
  readonly expected: string;
}

/**
 * Sends what the curl commands of a document would send, one after the other, to another address. `$TOKEN` is the
 * `access_token` that one of them was answered. Not curl itself: the tests need nothing but Node.
 */
export async function runCurl(code: string, url: string): Promise<CurlAnswer[]> {
  let token = '';
  const answers: CurlAnswer[] = [];
  for (const line of code.trim().split('\n')) {
    const [command, comment = '200'] = line.split(/ +# /) as [string, string?];
    const { path, ...request } = parse(command.replace('$TOKEN', token));
    const response = await fetch(url + path, request);
    const text = await response.text();
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, string | undefined>;
    token = body['access_token'] ?? token;
    const isSuccess = String(response.status).startsWith('2');
    const answer = `${isSuccess && comment === '200' ? 200 : response.status} ${body['errorCode'] ?? ''}`;
    answers.push({ answer: answer.trim(), expected: comment.trim() });
  }
  return answers;
}

function parse(command: string): { path: string } & RequestInit {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare!,
  );
  const after = (flag: string) => words[words.indexOf(flag) + 1];
  const address = words.find((word) => word.startsWith('localhost:3000'));
  if (words[0] !== 'curl' || address === undefined) throw new Error(`Not understood: ${command}`);
  const [name, value] = after('-H')!.split(': ') as [string, string];
  return {
    path: address.slice('localhost:3000'.length),
    method: words.includes('-X') ? after('-X')! : 'GET',
    headers: { [name]: value },
    ...(words.includes('-d') && { body: after('-d')! }),
  };
}
