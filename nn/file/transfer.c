#include "transfer.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* A thread takes pieces of a file of the size of a huge page, so that copying from the page cache, first use of memory and waiting for
   the disk overlap; and large pieces of memory, which memcpy writes past the caches. One thread more than the caller's is started for
   each SHARE bytes, since a smaller transfer ends before threads pay; and one more than there are cores, since some wait. */
enum { PIECE = 2 << 20, MEMORY_PIECE = 64 << 20, SHARE = 16 << 20, MAX_HELPERS = 3 };

struct transfer {
    pthread_mutex_t lock;
    int descriptor;
    const struct file_move *moves;
    size_t n, next, done; /* the block that is being moved, and how much of it has been taken */
    int code;
};

/* The next piece; false: there is none, or the transfer has failed. */
static bool take_piece(struct transfer *t, struct file_move *piece)
{
    pthread_mutex_lock(&t->lock);
    while (t->next < t->n && t->done == t->moves[t->next].size)
        t->next++, t->done = 0;
    const bool is_left = t->next < t->n && t->code == 0;
    if (is_left) {
        const struct file_move *move = &t->moves[t->next];
        const size_t left = move->size - t->done, most = move->from ? MEMORY_PIECE : PIECE, size = left < most ? left : most;
        *piece = (struct file_move){move->from ? move->from + t->done : NULL, move->offset + t->done, move->to + t->done, size};
        t->done += size;
    }
    pthread_mutex_unlock(&t->lock);
    return is_left;
}

static int move_piece(int descriptor, const struct file_move *piece)
{
    if (piece->from)
        memcpy(piece->to, piece->from, piece->size);
    for (size_t got = 0; got < piece->size && !piece->from;) {
        const ssize_t some = pread(descriptor, piece->to + got, piece->size - got, (off_t)(piece->offset + got));
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return some < 0 ? errno : TRANSFER_SHORT;
        got += (size_t)some;
    }
    return 0;
}

static void *work(void *context)
{
    struct transfer *t = context;
    struct file_move piece;
    while (take_piece(t, &piece)) {
        const int code = move_piece(t->descriptor, &piece);
        if (code == 0)
            continue;
        pthread_mutex_lock(&t->lock);
        t->code = t->code ? t->code : code;
        pthread_mutex_unlock(&t->lock);
    }
    return NULL;
}

static int helpers_for(const struct file_move *moves, size_t n)
{
    uint64_t size = 0;
    cpu_set_t cpus;
    for (size_t i = 0; i < n; i++)
        size += moves[i].size;
    const uint64_t shares = size / SHARE;
    if (shares < 2)
        return 0;
    int useful = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    useful = useful < MAX_HELPERS ? useful : MAX_HELPERS;
    return shares - 1 < (uint64_t)useful ? (int)(shares - 1) : useful;
}

/* Threads that cannot be started are not needed: the caller moves all that nobody takes. Signals are for the program's own threads,
   and a caller that is cancelled is cancelled after the transfer, which lies on its stack. */
int file_transfer(int descriptor, const struct file_move *moves, size_t n)
{
    struct transfer t = {.descriptor = descriptor, .moves = moves, .n = n};
    pthread_t helper[MAX_HELPERS];
    const int wanted = helpers_for(moves, n);
    int helpers = 0, cancellable;
    sigset_t all, before;
    pthread_mutex_init(&t.lock, NULL);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellable);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (helpers < wanted && pthread_create(&helper[helpers], NULL, work, &t) == 0)
        helpers++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)work(&t);
    for (int i = 0; i < helpers; i++)
        pthread_join(helper[i], NULL);
    pthread_setcancelstate(cancellable, NULL);
    pthread_mutex_destroy(&t.lock);
    return t.code;
}
