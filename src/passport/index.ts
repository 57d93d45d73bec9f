export { exceptionFor } from './exception-for.js';
export { RevocableJwtStrategy, revocableJwtStrategy } from './revocable-jwt.strategy.js';
