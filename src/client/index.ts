export {
  type Login,
  type LoginStorage,
  memoryStorage,
  sharedStorage,
  type WebStorage,
  webStorage,
} from './login-storage.js';
export { TokenClient } from './token-client.js';
export type { TokenAnswer, TokenClientOptions } from './token-client.options.js';
