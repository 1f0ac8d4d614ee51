/* xor.c as a C++17 program: the same calls, the same numbers. Options may stand in any order. */
#include <cstdio>

#include <wengert.h>

int main()
{
    const float in[] = {0, 0, 0, 1, 1, 0, 1, 1}, want[] = {0, 1, 1, 0};
    wg_tensor *x = wg_from(in, WG_SHAPE(4, 2)), *y = wg_from(want, WG_SHAPE(4, 1));
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 8, 1), .seed = 1, .activation = WG_ACTIVATION_TANH);
    wg_optim *opt = wg_optim_adam(wg_nn_parameters(net), .lr = 0.05);

    for (int step = 0; step < 500; step++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_bce_with_logits(wg_nn_apply(net, x), y);
        if (step % 100 == 0)
            std::printf("%4d  %.4f\n", step, wg_item(loss));
        if (wg_backward(loss) != WG_OK || wg_optim_step(opt) != WG_OK)
            return wg_error_report(stderr); /* the first error, in words */
    }

    wg_tensor *logits = wg_nn_apply(net, x), *p = wg_sigmoid(logits);
    float out[4];
    if (wg_read(p, out) != WG_OK)
        return wg_error_report(stderr);
    for (int i = 0; i < 4; i++)
        std::printf("%g xor %g = %.3f\n", in[2 * i], in[2 * i + 1], out[i]);

    wg_optim_destroy(opt), wg_nn_destroy(net);
    wg_free(x), wg_free(y), wg_free(logits), wg_free(p);
    return 0;
}
