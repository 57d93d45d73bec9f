import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import { userEntity } from './user-entity.js';

export const User = userEntity(RevocableUser);
export type User = InstanceType<typeof User>;
