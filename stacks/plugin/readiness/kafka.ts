/** Asks the broker for the cluster's metadata; it answers once a controller is elected and the broker unfenced. */
export async function askKafka(broker: string, timeoutMs: number): Promise<void> {
  const { Kafka, logLevel } = (await import('kafkajs')).default
  const kafka = new Kafka({
    brokers: [broker],
    clientId: 'runlight-readiness',
    logLevel: logLevel.NOTHING,
    connectionTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    retry: { retries: 0 },
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { brokers, controller } = await admin.describeCluster()
    if (brokers.length === 0 || controller === null) throw new Error(`${broker} has no active broker or controller yet`)
  } finally {
    await admin.disconnect()
  }
}
