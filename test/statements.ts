/**
 * What Twisted Web's tree of resources and its command line do, statement by statement, in short. Tests name the statement that they show in parentheses: `(B57)`. What Plait does
 * in another way, or not at all, is in docs/differences-from-twisted.md under the same number.
 */
export const statements: Readonly<Record<string, string>> = {
  // The way to a resource
  B54: 'a path is its segments, decoded one by one',
  B55: 'segments move from postpath to prepath until a leaf or the end',
  B56: 'a child put under a name comes before getChild; without either, 404',
  B57: 'putChild, delEntity, getStaticEntity, listNames, listEntities',
  B58: 'a leaf is not asked for children; getChild may hand segments back',
  B59: 'names are compared decoded; an encoded slash is part of a name',
  B60: 'OPTIONS * is about the server',
  B61: 'a failure on the way is a 500',
  // Rendering
  B62: 'render calls render_METHOD; who has none says what it takes',
  B63: 'HEAD is answered by render_GET',
  B64: 'a method that a resource does not take: 405 with Allow, or 501',
  B65: 'HEAD that is refused is rendered as GET, without the body',
  B66: 'what render gives is the whole body; nothing: it ends the request itself',
  B67: 'Content-Type is text/html unless something else is said',
  B68: '204 and 304 have no body',
  B69: 'each status has its reason phrase',
  // Ready-made pages
  B70: 'error pages for any method, at any depth, escaped',
  B71: 'redirects, and resources that are not known yet',
  B72: 'the page of a failure; tracebacks only where they are wanted',
  B73: 'fixed data',
  B74: 'content codings around a resource',
  B75: 'a site as a resource',
  // Files
  E118: 'a file is served, below it is nothing',
  E119: 'a directory has a slash at its end, and an index',
  E120: 'no way out of the directory',
  E121: 'endings that may be left out',
  E122: 'types by endings',
  E123: 'fields of a file',
  E124: 'conditional requests',
  E125: 'one range',
  E126: 'several ranges',
  E127: 'files are read as they are sent',
  E128: 'listings',
  E129: 'processors by endings',
  E130: 'responses in files, sent as they are',
  // Scripts
  F131: 'a script makes a resource',
  F132: 'a script without a resource, or that fails, is a 500',
  F133: 'what a script has made is kept',
  F134: 'a registry for all scripts',
  F135: 'a script as the root',
  F136: 'a directory of scripts',
  F137: 'pages that are programs',
  // The command line
  G138: 'how options are read, and what is said of wrong ones',
  G139: 'the options of web and of the process',
  G140: 'twist: in the foreground, with a log in JSON',
  G141: 'files that say what to serve',
  // What else may stand in a tree
  H142: 'virtual hosts by name',
  H143: 'virtual hosts in the path',
  H144: 'rewriting of paths',
  H145: 'another server below a path',
  H146: 'CGI: what a script is told',
  H147: 'CGI: what a script says',
  H148: 'scripts read by an interpreter',
  H149: 'a site served from another process',
  H150: 'authentication around a resource',
  H151: 'Basic, Digest, and who may log in',
  H152: 'a directory of everybody',
}

/** Statements about what Plait has not, on purpose: there is nothing to test. */
export const left: readonly string[] = ['F137', 'G140', 'H149']
