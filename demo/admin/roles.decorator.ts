import { Reflector } from '@nestjs/core';

/** Who may call the route: a user with one of these roles. */
export const Roles = Reflector.createDecorator<readonly string[]>();
