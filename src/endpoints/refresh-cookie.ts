import type { ApplicationConfig } from '@nestjs/core';
import { VersioningType } from '@nestjs/common';
import type { EndpointSettings } from './endpoint-settings.js';
import type { RefreshCookieOptions } from './endpoints-options.js';

/** The cookie of the refresh token, as `Set-Cookie` has it (RFC 6265 section 4.1). */
export class RefreshCookie {
  private readonly options: RefreshCookieOptions;

  constructor(
    private readonly settings: EndpointSettings,
    private readonly config: ApplicationConfig,
  ) {
    const { refreshCookie } = settings;
    this.options = typeof refreshCookie === 'object' ? refreshCookie : {};
  }

  get name(): string {
    // A browser takes a __Host- cookie only with the path / (RFC 6265bis section 4.1.3).
    return this.options.name ?? `${this.path === '/' ? '__Host-' : '__Secure-'}refresh_token`;
  }

  /** @param maxAgeSeconds - absent: the cookie goes when the browser is closed */
  set(refreshToken: string, maxAgeSeconds: number | undefined): string {
    return this.line(refreshToken, maxAgeSeconds);
  }

  clear(): string {
    return this.line('', 0);
  }

  private line(value: string, maxAgeSeconds: number | undefined): string {
    const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
    return `${this.name}=${value}; Path=${this.path}; HttpOnly; Secure; SameSite=Strict${age}`;
  }

  /** The application sets its prefix and its versions after the module was made, so they are asked for each time. */
  private get path(): string {
    if (this.options.path !== undefined) return this.options.path;
    const isVersioned = this.config.getVersioning()?.type === VersioningType.URI;
    const parts = [this.config.getGlobalPrefix(), isVersioned ? '' : (this.settings.path ?? '')];
    const segments = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
    return `/${segments.join('/')}`;
  }
}
