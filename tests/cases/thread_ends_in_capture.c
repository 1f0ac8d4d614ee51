/* A thread that ends inside a step that it captures loses nothing: neither the log, nor the contexts of closures. */
#include <malloc.h>
#include <pthread.h>

#include "case.h"

static int contexts;

static void destroy(void *context)
{
    --*(int *)context;
}

static wg_status forward(const wg_call *c)
{
    (void)c;
    return WG_OK;
}

static wg_status step(void *x)
{
    WG_TAPE(tape);
    wg_tensor *in = x, *y;
    contexts++;
    y = wg_closure_apply(&(wg_closure){.name = "nothing",
                                       .forward = forward,
                                       .dtype = WG_F64,
                                       .shape = WG_SHAPE(3),
                                       .context = &contexts,
                                       .destroy = destroy,
                                       .replayable = true},
                         &in, 1);
    (void)wg_tanh(wg_mul(y, y));
    pthread_exit(NULL);
}

static void *captures(void *x)
{
    wg_replay_capture(step, x);
    return NULL;
}

int main(void)
{
    wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(3));
    size_t used[4];
    mallopt(M_ARENA_MAX, 1); /* so that every thread's blocks are counted */
    for (int round = 0; round < 4; round++) {
        pthread_t thread;
        is_("a thread", pthread_create(&thread, NULL, captures, x) == 0 && pthread_join(thread, NULL) == 0);
        near_("contexts", contexts, 0, 0);
        used[round] = mallinfo2().uordblks;
    }
    within_("bytes in use after the fourth", (double)used[3], (double)used[1], 1024);
    wg_free(x);
    return end_();
}
