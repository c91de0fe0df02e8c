print "Content-Type: text/html; charset=utf-8\n\n";
print "<h1>Hello from Perl</h1>\n<p>The path behind me: $ENV{PATH_INFO}</p>\n";
