# Read by the scripts beside it, which it ends where there is no such JDK: sets `java` to that of the JDK 25 or later that
# JAVA_HOME names, or else of the path.

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
case $("$java" -version 2>&1) in
  *'version "2'[5-9]* | *'version "'[3-9][0-9]*) ;;
  *)
    echo "benchmarks/${0##*/}: $java is no JDK 25 or later: set JAVA_HOME to one." >&2
    exit 1
    ;;
esac
