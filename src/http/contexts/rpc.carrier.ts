import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import { bearerToken } from '../token-extractor.js';
import type { HttpSettings } from '../http-settings.js';
import { type CallAnswer, payloadOf } from './call-answer.js';
import { noteCaller } from './caller.js';
import { type GrpcMetadata, isGrpcMetadata, messageHeader } from './message-header.js';
import type { TokenCarrier } from './token-carrier.js';

const UNAUTHENTICATED = 16;
const UNAVAILABLE = 14;

/** Messages and events of microservices. */
export class RpcCarrier implements TokenCarrier {
  readonly keepCaller = noteCaller;

  constructor(private readonly settings: HttpSettings) {}

  tokenOf(context: ExecutionContext): string | null {
    const rpc = context.switchToRpc();
    const message = rpc.getContext<object | undefined>();
    const authorization = messageHeader(Object(message) as object, 'authorization');
    if (authorization !== undefined) return bearerToken({ headers: { authorization } });
    return this.settings.messageToken?.(rpc.getData(), message) ?? null;
  }

  errorFor(context: ArgumentsHost, answer: CallAnswer): Error {
    const { RpcException } = require('@nestjs/microservices') as {
      RpcException: new (payload: object) => Error;
    };
    const message = Object(context.switchToRpc().getContext()) as object;
    return new RpcException(
      isGrpcMetadata(message) ? grpcStatus(message, answer) : payloadOf(answer),
    );
  }
}

/** The status of gRPC, with our code in the trailing metadata as `error-code`. */
function grpcStatus(
  received: GrpcMetadata,
  { errorCode, message, status, maxAge }: CallAnswer,
): object {
  const metadata = new (received.constructor as new () => GrpcMetadata)();
  metadata.set('error-code', errorCode);
  if (maxAge !== undefined) metadata.set('max-age', String(maxAge));
  return {
    code: status === 503 ? UNAVAILABLE : UNAUTHENTICATED,
    message,
    details: message,
    metadata,
  };
}
