/** The times of the sessions in a play, in its seconds. */
export const GRACE = 60;
export const IDLE = 660;
export const ABSOLUTE = 720;
/** More than the clocks of two nodes differ by. */
export const ACCESS_LIFE = 480;
/** A generation counts as seen so long after it was given out. */
export const SIGHT = 60;
/** A repetition counts as giving out again so long after the last that did. */
export const REPEAT = 20;
/** How many live sessions a user may have. */
export const MOST_SESSIONS = 6;
