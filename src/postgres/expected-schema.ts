import type { SetupNeeds } from '../state/token-state.store.js';
import type { SetupWords } from './data-layer.js';
import type { UserColumns } from './user-columns.js';

/** What the check looks for. */
export interface ExpectedSchema {
  readonly columns: UserColumns;
  /** Quoted, with its schema. */
  readonly everyoneTable: string;
  readonly words: SetupWords;
  /** The application says that no policy hides a row from its role. */
  readonly seesAllRows: boolean;
  /** What the application uses besides core. */
  readonly needs: SetupNeeds;
}
