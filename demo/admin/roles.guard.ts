import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { User } from '../users/user.entity.js';
import { Roles } from './roles.decorator.js';

/**
 * Runs after the token guard, which is global: that has put the user on the request, loaded for this request, so a role
 * that was taken away is gone at once. Without a user nobody passes.
 */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    const roles = this.reflector.getAllAndOverride(Roles, targets) ?? [];
    const { user } = context.switchToHttp().getRequest<{ user?: User }>();
    return user !== undefined && roles.includes(user.role);
  }
}
