export {
  type Login,
  type LoginStorage,
  memoryStorage,
  sharedStorage,
  type WebStorage,
  webStorage,
} from './login-storage.js';
export { type TokenAnswer, TokenClient, type TokenClientOptions } from './token-client.js';
