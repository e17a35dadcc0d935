// Swift's Glibc module leaves these two headers out. Elsewhere there is nothing to show.
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/timerfd.h>
#endif
