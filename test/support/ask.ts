import { Agent, request } from 'node:http'

/** The body of a page; its status and what came where that is not 200 or not whole; `failed: …` where there is no answer. */
export function ask(
  url: string,
  { method = 'GET', agent = new Agent() }: { method?: string; agent?: Agent } = {},
): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(url, { method, agent })
    sent.on('error', (error) => resolve(`failed: ${error.message}`))
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more: string) => (text += more))
      response.on('close', () =>
        resolve(response.statusCode === 200 && response.complete ? text : `${response.statusCode} ${text}`),
      )
    })
    sent.end()
  })
}
