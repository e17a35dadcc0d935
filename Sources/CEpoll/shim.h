// Swift's Glibc module leaves these headers out. Elsewhere there is nothing to show.
#ifdef __linux__
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// Both are declared for _GNU_SOURCE only.
extern int accept4(int, struct sockaddr *, socklen_t *, int);
extern int pthread_setname_np(pthread_t, const char *);

static inline void stock_name_thread(const char *name) {
  pthread_setname_np(pthread_self(), name);
}

static inline int stock_accept4(int listener, int flags) {
  return accept4(listener, 0, 0, flags);
}
#endif
