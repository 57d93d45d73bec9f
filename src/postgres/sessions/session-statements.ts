import { prepared, type PreparedText } from '../state-statements.js';
import { endOthers, ends } from './end-statements.js';
import { adopt, markSeen, repeat } from './generation-statements.js';
import { list } from './list-statement.js';
import { look, lookTogether } from './look-statements.js';
import { replacements, type ReplaceTexts } from './replace-statements.js';
import { revokeToken } from './revoke-statement.js';
import { rotate, rotateTogether, rotateWithin } from './rotate-statements.js';
import type { SessionParts } from './session-columns.js';
import { fork, start } from './start-statements.js';
import { sweep } from './sweep-statement.js';

/**
 * The texts of all statements about sessions, written once at boot. Each is a SELECT, whatever it writes: some libraries
 * answer an UPDATE in another form. Lists are sent as one text, and hashes as hexadecimal digits.
 */
export interface SessionStatements {
  readonly start: string;
  readonly fork: string;
  readonly rotate: PreparedText;
  readonly rotateWithin: string;
  readonly rotateTogether: PreparedText;
  readonly look: string;
  readonly lookTogether: PreparedText;
  readonly adopt: string;
  readonly repeat: string;
  readonly markSeen: string;
  /** By what the session must be known. */
  readonly end: { readonly subject: string; readonly secretHash: string };
  readonly endOthers: string;
  readonly replace: ReplaceTexts;
  readonly list: string;
  readonly sweep: string;
  readonly revokeToken: string;
}

export function sessionStatements(parts: SessionParts): SessionStatements {
  return {
    start: start(parts),
    fork: fork(parts),
    rotate: prepared(rotate(parts)),
    rotateWithin: rotateWithin(parts),
    rotateTogether: prepared(rotateTogether(parts)),
    look: look(parts),
    lookTogether: prepared(lookTogether(parts)),
    adopt: adopt(parts),
    repeat: repeat(parts),
    markSeen: markSeen(parts),
    end: ends(parts),
    endOthers: endOthers(parts),
    replace: replacements(parts),
    list: list(parts),
    sweep: sweep(parts),
    revokeToken: revokeToken(parts),
  };
}
