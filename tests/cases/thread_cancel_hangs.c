/* A thread that is cancelled, or that calls pthread_exit, inside a callback ends and does not hang. The callback is a hook (argument 1)
   or a function of wg_vjp (argument 2). */
#include <pthread.h>
#include <unistd.h>

#include "case.h"

static int place;

static wg_tensor *hook(wg_tensor *g, void *context)
{
    (void)context;
    if (place == 1)
        sleep(30);
    return g;
}

static wg_tensor *f(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    if (place == 2)
        sleep(30);
    return wg_sum(x[0]);
}

static void *run(void *x)
{
    wg_tensor *g, *y;
    wg_tape_open();
    y = wg_square(x);
    if (wg_add_hook(y, hook, NULL) == WG_OK && wg_backward(wg_sum(y), .retain = true) == WG_OK)
        (void)!wg_vjp(f, NULL, (wg_tensor **)&x, 1, WG_NONE, NULL, &g);
    return NULL;
}

int main(int n, char **v)
{
    pthread_t thread;
    void *returned = NULL;
    place = n > 1 ? atoi(v[1]) : 1;
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(3)), true);
    is_("a thread", pthread_create(&thread, NULL, run, x) == 0);
    usleep(300000);
    alarm(20); /* where it does not end */
    is_("is cancelled", pthread_cancel(thread) == 0);
    is_("and ends", pthread_join(thread, &returned) == 0 && returned == PTHREAD_CANCELED);
    is_("what the step had changed is undone", wg_gradient(x) == NULL);
    wg_free(x);
    return end_();
}
