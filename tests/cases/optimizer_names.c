/* The names of an optimizer's state tell its parameters apart, whatever lists these come from: a child may be called as a group is, and
   two networks may be in one list. */
#include "case.h"

static wg_tensor *pass(const wg_nn_call *call, wg_tensor *x)
{
    return wg_nn_apply_child(call, 0, x);
}

static int repeated(wg_tensor_list list)
{
    int n = 0;
    for (size_t i = 0; i < list.n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(list.name[i], list.name[k]) == 0) {
                printf("# twice: %s\n", list.name[i]);
                n++;
            }
    return n;
}

int main(void)
{
    static const struct wg_nn_kind type = {.name = "net", .forward = pass};
    wg_nn_module *body = wg_nn_module_create(&type, NULL, NULL), *head = wg_nn_linear(2, 1);
    if (wg_nn_add_child(body, "group1", wg_nn_linear(2, 2)) != WG_OK)
        return wg_error_report(stderr);
    wg_optim *optim = wg_optim_adam(wg_nn_parameters(body));
    if (wg_optim_add_group(optim, wg_nn_parameters(head), .lr = 1e-4) != WG_OK)
        return wg_error_report(stderr);
    near_("names that occur twice: child \"group1\" and group 1", repeated(wg_optim_state(optim)), 0, 0);

    wg_nn_module *net[2] = {wg_nn_mlp(WG_SIZES(2, 2, 1)), wg_nn_mlp(WG_SIZES(2, 2, 1))};
    wg_tensor *tensor[8];
    const char *name[8];
    size_t n = 0;
    for (int m = 0; m < 2; m++)
        for (size_t i = 0; i < wg_nn_parameters(net[m]).n; i++, n++) {
            tensor[n] = wg_nn_parameters(net[m]).tensor[i];
            name[n] = wg_nn_parameters(net[m]).name[i];
        }
    wg_optim *both = wg_optim_sgd(((wg_tensor_list){n, tensor, name}), .momentum = 0.9);
    if (!both)
        return wg_error_report(stderr);
    near_("names that occur twice: two networks in one list", repeated(wg_optim_state(both)), 0, 0);

    wg_optim_destroy(optim), wg_optim_destroy(both);
    wg_nn_destroy(body), wg_nn_destroy(head), wg_nn_destroy(net[0]), wg_nn_destroy(net[1]);
    return end_();
}
