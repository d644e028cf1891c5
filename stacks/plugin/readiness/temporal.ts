// Temporal's front end asked over plain gRPC: its client library would take longer to load than the answer.

import { credentials, Client, type ServiceError } from '@grpc/grpc-js'

const DESCRIBE_NAMESPACE = '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace'

/** Asks for the namespace, which needs the front end, its store and the namespace itself. */
export async function askTemporal(address: string, namespace: string, timeoutMs: number): Promise<void> {
  const client = new Client(address, credentials.createInsecure())
  try {
    await new Promise<void>((resolve, reject) => {
      const done = (error: ServiceError | null) => (error ? reject(error) : resolve())
      client.makeUnaryRequest(
        DESCRIBE_NAMESPACE,
        describeNamespaceRequest,
        (answer) => answer,
        namespace,
        { deadline: Date.now() + timeoutMs },
        done,
      )
    })
  } finally {
    client.close()
  }
}

/** DescribeNamespaceRequest { string namespace = 1 } as protobuf; names are at most 255 bytes long. */
function describeNamespaceRequest(namespace: string): Buffer {
  const name = Buffer.from(namespace)
  const length = name.length < 128 ? [name.length] : [(name.length & 0x7f) | 0x80, name.length >> 7]
  return Buffer.concat([Buffer.from([0x0a, ...length]), name])
}
