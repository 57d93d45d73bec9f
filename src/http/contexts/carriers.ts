import type { HttpSettings } from '../http-settings.js';
import { GraphqlCarrier } from './graphql.carrier.js';
import { RpcCarrier } from './rpc.carrier.js';
import type { TokenCarrier } from './token-carrier.js';
import { WsCarrier } from './ws.carrier.js';

/** The carrier of each context, by the name that Nest gives it. */
export function createCarriers(
  settings: HttpSettings,
): Readonly<Record<'graphql' | 'ws' | 'rpc', TokenCarrier>> {
  return {
    graphql: new GraphqlCarrier(settings),
    ws: new WsCarrier(settings),
    rpc: new RpcCarrier(settings),
  };
}
