/* Rule 17: operands that threads share are read only, their handles too. Two threads apply an op that is made of others (mse), and hold,
   keep and differentiate tensors that they share and nobody writes to. Built with -fsanitize=thread (.ci/run tsan) the program also shows
   that nothing of the shared tensors is written. */
#include <pthread.h>

#include "case.h"

static wg_tensor *x, *y, *v;

static void *run(void *context)
{
    double *sum = context;
    wg_set_threads(1);
    for (int i = 0; i < 200; i++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_mse(wg_hold(x), y), *square = wg_square(x);
        wg_tensor *g = wg_grad(wg_reshape(square, WG_SHAPE(3)), square, .create_graph = true, .grad = v);
        wg_tensor *kept = wg_keep(x);
        *sum += wg_item(loss) + at_(g, 1) + at_(kept, 2);
        wg_free(kept);
    }
    return NULL;
}

int main(void)
{
    x = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(3)), true);
    y = wg_zeros(WG_F64, WG_SHAPE(3));
    v = wg_full(WG_F64, WG_SHAPE(3), 2);
    pthread_t thread[2];
    double sum[2] = {0};
    for (int i = 0; i < 2; i++)
        is_("a thread starts", pthread_create(&thread[i], NULL, run, &sum[i]) == 0);
    for (int i = 0; i < 2; i++)
        is_("it ends", pthread_join(thread[i], NULL) == 0);
    near_("the first thread's sum", sum[0], 200 * 4, 0);
    near_("the second thread's sum", sum[1], 200 * 4, 0);
    wg_free(x), wg_free(y), wg_free(v);
    return end_();
}
