/**
 * Plait: an event-driven web server with a tree of resources, and a multithreaded WSGI container in it.
 *
 *     import { Resource, Site, WSGIResource, reactor } from 'plait'
 *     const root = new Resource()
 *     root.putChild('app', new WSGIResource(reactor, reactor.getThreadPool(), 'foo.application'))
 *     reactor.listenTCP(8080, new Site(root), { interface: '127.0.0.1' })
 *     await reactor.run()
 */

// The event loop.
export { NodeReactor, reactor } from './default-reactor.ts'
export type { NodeReactorOptions } from './default-reactor.ts'
export type {
  Address,
  ConnectionInfo,
  DelayedCall,
  ListeningPort,
  ListenOptions,
  ListenTCPOptions,
  ListenUNIXOptions,
  Reactor,
  RunOptions,
  ServerFactory,
  TLSContext,
} from './reactor/reactor.ts'

// The tree of resources.
export { Resource } from './resource/resource.ts'
export type { Rendered, RenderMethod, TreeNode } from './resource/resource.ts'
export { ErrorPage, errorPage, forbidden, ForbiddenResource, NoResource, notFound } from './resource/error-page.ts'
export { escapeHTML } from './escape-html.ts'
export { UnsupportedMethod } from './resource/unsupported-method.ts'
export { Site } from './resource/site.ts'
export { Spool } from './http/spool.ts'
export type { SpoolOptions } from './http/spool.ts'
export type { SiteOptions } from './resource/site.ts'
export { Request } from './http/request.ts'
export type { RequestUser } from './http/request.ts'
export type { TrustProxy } from './http/forwarded/trusted-proxies.ts'
export type { TakenOver } from './http/opening.ts'
export type { CookieOptions } from './http/cookies.ts'
export { Form } from './http/form/form.ts'
export { FormFile } from './http/form/form-file.ts'
export type { FormOptions } from './http/form/form-options.ts'
export type { FieldMap } from './http/field-map.ts'
export { URLPath } from './http/url-path.ts'
export type { URLParts } from './http/url-path.ts'
export type { BodyPieces } from './http/write-from.ts'
export type { DefaultHeaders } from './http/default-fields.ts'

// Ready-made resources.
export { Data } from './resources/data.ts'
export { DeferredResource } from './resources/deferred-resource.ts'
export { HealthResource, type HealthOptions } from './resources/health-resource.ts'
export { MountTree } from './resources/mount-tree.ts'

// - static files
export { File } from './resources/static/file.ts'
export { ASISProcessor } from './resources/static/asis-processor.ts'
export type { FileOptions, Processor } from './resources/static/file-settings.ts'
export type { DotfilePolicy } from './resources/static/file-name.ts'
export type { SymlinkPolicy } from './resources/static/served-root.ts'

// - pages of users
export { UserDirectory } from './resources/user-directory/user-directory.ts'
export type { UserDirectoryOptions } from './resources/user-directory/user-directory.ts'
export { PasswdFile } from './resources/user-directory/user-database.ts'
export type { PasswdFileOptions, UserAccount, UserDatabase } from './resources/user-directory/user-database.ts'

// - scripts
export { Registry } from './resources/script/registry.ts'
export type { ComponentKey } from './components.ts'
export { ResourceScript, scriptProcessors } from './resources/script/resource-script.ts'
export type { ScriptResource } from './resources/script/resource-script.ts'
export { ResourceScriptWrapper } from './resources/script/resource-script-wrapper.ts'
export { ResourceScriptDirectory } from './resources/script/resource-script-directory.ts'

// - redirects, virtual hosts, encodings
export { ParentRedirect, Redirect, redirectTo } from './resources/redirect.ts'
export type { RedirectOptions } from './resources/redirect.ts'
export { NameVirtualHost } from './resources/virtual-host/name-virtual-host.ts'
export { VHostMonsterResource } from './resources/virtual-host/vhost-monster-resource.ts'
export type { VHostMonsterOptions } from './resources/virtual-host/vhost-monster-resource.ts'
export { RewriterResource } from './resources/rewrite/rewriter-resource.ts'
export type { RewriteRule } from './resources/rewrite/rewriter-resource.ts'
export { alias, tildeToUsers } from './resources/rewrite/rules.ts'

// - proxies and WebSockets
export { ReverseProxyResource } from './resources/reverse-proxy/reverse-proxy-resource.ts'
export type { ReverseProxyOptions } from './resources/reverse-proxy/reverse-proxy-resource.ts'
export { WebSocketResource } from './resources/websocket/websocket-resource.ts'
export type { WebSocketHandler, WebSocketOptions } from './resources/websocket/websocket-resource.ts'
export type { Origins } from './resources/websocket/opening-check.ts'

// - content codings
export { EncodingResourceWrapper } from './resources/encoding/encoding-resource-wrapper.ts'
export type { EncodingOptions } from './resources/encoding/encoding-resource-wrapper.ts'
export { BrotliEncoderFactory, GzipEncoderFactory, ZstdEncoderFactory } from './resources/encoding/encoder-factories.ts'
export type { EncoderFactory, EncoderStream } from './resources/encoding/encoder-factory.ts'

// - CGI
export { CGIScript } from './resources/cgi/cgi-script.ts'
export { FilteredScript } from './resources/cgi/filtered-script.ts'
export type { FilteredScriptOptions } from './resources/cgi/filtered-script.ts'
export { CGIDirectory } from './resources/cgi/cgi-directory.ts'
export type { CGIDirectoryOptions } from './resources/cgi/cgi-directory.ts'
export type { CGIOptions } from './resources/cgi/cgi-settings.ts'
export { ProcessLimit } from './resources/cgi/process-limit.ts'
export type { ProcessLimitOptions } from './resources/cgi/process-limit.ts'

// - authentication
export { HTTPAuthSessionWrapper } from './resources/guard/http-auth-session-wrapper.ts'
export type { GuardOptions } from './resources/guard/http-auth-session-wrapper.ts'
export { ANONYMOUS, Portal } from './resources/guard/portal.ts'
export type { Avatar, AvatarId, Checker, Login, Realm } from './resources/guard/portal.ts'
export { AnonymousCredentials, PasswordCredentials } from './resources/guard/credentials.ts'
export type { CredentialFactory, Credentials } from './resources/guard/credentials.ts'
export { BasicCredentialFactory } from './resources/guard/basic-credential-factory.ts'
export { DigestCredentialFactory } from './resources/guard/digest/digest-credential-factory.ts'
export type { DigestOptions } from './resources/guard/digest/digest-credential-factory.ts'
export { DigestCredentials } from './resources/guard/digest/digest-credentials.ts'
export type { DigestAlgorithm } from './resources/guard/digest/digest-credentials.ts'
export { AnonymousChecker } from './resources/guard/checkers/anonymous-checker.ts'
export { HtdigestChecker } from './resources/guard/checkers/htdigest-checker.ts'
export { HtpasswdChecker } from './resources/guard/checkers/htpasswd-checker.ts'
export type { HtpasswdOptions } from './resources/guard/checkers/htpasswd-checker.ts'
export { InMemoryChecker } from './resources/guard/checkers/in-memory-checker.ts'

// - sessions
export type { Session } from './http/session.ts'
export type { SessionOptions } from './resource/session/sessions.ts'
export type { SessionCookieOptions } from './resource/session/session-cookie.ts'
export { SessionRecord } from './resource/session/session-store.ts'
export type { SessionStore } from './resource/session/session-store.ts'
export { MemorySessionStore } from './resource/session/memory-session-store.ts'
export type { MemorySessionStoreOptions } from './resource/session/memory-session-store.ts'
export { RedisSessionStore } from './resource/session/redis-session-store.ts'
export type { RedisClient, RedisSessionStoreOptions } from './resource/session/redis-session-store.ts'

// The process.
export { assumeIdentity, findIdentity } from './reactor/process/identity.ts'
export type { Identity, IdentityNames } from './reactor/process/identity.ts'
export { PidFile } from './reactor/process/pid-file.ts'

// Where to listen.
export { serverFromEndpoint, serverFromString } from './reactor/endpoints/server-from-string.ts'
export type { ServerEndpoint } from './reactor/endpoints/server-from-string.ts'
export { parseEndpoint } from './reactor/endpoints/parse-endpoint.ts'
export { quoteStringArgument } from './reactor/endpoints/endpoint-words.ts'
export type { ListenEndpoint } from './reactor/endpoints/listen-endpoint.ts'
export { CertificateFiles } from './reactor/tls/certificate-files.ts'
export type { CertificateFilesOptions, CertificatePair } from './reactor/tls/certificate-options.ts'
export { developmentCertificate } from './reactor/tls/development-certificate.ts'
export type { DevelopmentCertificate, DevelopmentCertificateOptions } from './reactor/tls/development-certificate.ts'
export type { TLSContextSource } from './reactor/tls/tls-context.ts'
export type { TLSInfo } from './reactor/tls/tls-info.ts'
export type { ProxyProtocolOptions } from './reactor/proxy-protocol/proxy-protocol-layer.ts'
export { notifyServiceManager } from './reactor/service-notify.ts'
export type { NotifyOptions } from './reactor/service-notify.ts'

// Applications.
export { WSGIResource } from './wsgi/wsgi-resource.ts'
export type { WSGIOptions } from './wsgi/wsgi-resource.ts'
export { RouteLimits } from './wsgi/route-limits.ts'
export type { RequestLimits, Route } from './wsgi/route-limits.ts'
export { Lane } from './threadpool/lane.ts'
export type { LaneJob, LaneLimits } from './threadpool/lane.ts'
export type { JobRunner } from './wsgi/job-runner.ts'
export { resolveApplication } from './hosts/application.ts'
export type { Application, ApplicationReference, ApplicationSpec, RunIn } from './hosts/application.ts'
export { transfer } from './transfer.ts'
export { wsgiApplication } from './hosts/javascript/function-origin.ts'
export type {
  Environ,
  ErrorStream,
  FileLike,
  InputStream,
  OpenFile,
  ResponseBody,
  StartResponse,
  WSGIApplication,
  Write,
} from './hosts/javascript/wsgi.ts'
export { ThreadPool } from './threadpool/thread-pool.ts'
export type { RecycleOptions } from './threadpool/recycling.ts'
export type { ApplicationStatistics, LaneStatistics, PoolStatistics } from './threadpool/statistics.ts'
export type { ThreadPoolOptions } from './threadpool/thread-pool.ts'
export type { HostRuntime, HostState, HostStatistics } from './hosts/host.ts'

// Everything else.
export { PlaitError } from './errors.ts'
export type { ErrorCode } from './errors.ts'
export { silentLogger } from './log/logger.ts'
export type { LogFields, Logger } from './log/logger.ts'
export { openServerLog } from './log/server-log.ts'
export type { ServerLog, ServerLogOptions } from './log/server-log.ts'
export { openAccessLog } from './log/access-log.ts'
export type { AccessLog, AccessLogOptions } from './log/access-log.ts'
