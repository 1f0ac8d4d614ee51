/* The program that tests/house/gdb.py examines in gdb: a tape with a few nodes, compiled with debug information and the engine's
   types. */
#include "core/internal.h"
#include "wengert/wengert.h"

/* Keeps the types in the debug information. */
static struct wg_node *node_of(wg_tensor *t)
{
    return t->tape ? t->from.node : NULL;
}

__attribute__((noinline)) static void stop(wg_tensor *w, wg_tensor *y, wg_tensor *column, wg_tensor *none, wg_tape *tape,
                                           struct wg_node *node, const wg_shape *shape, wg_status status, struct wg_value *value)
{
    __asm__ volatile("" ::"r"(w), "r"(y), "r"(column), "r"(none), "r"(tape), "r"(node), "r"(shape), "r"(status), "r"(value)
                     : "memory");
}

int main(void)
{
    const float numbers[] = {1, -2, 3, 4, 5, 6, 7, 8, 9, 10};
    wg_tensor *w = wg_set_requires_grad(wg_from(numbers, WG_SHAPE(2, 5)), true);
    if (wg_set_name(w, "weight") != WG_OK || wg_section_push("head") != WG_OK)
        return 1;
    WG_TAPE(tape);
    wg_tensor *y = wg_tanh(w), *column = wg_transpose(w, 0, 1);
    stop(w, y, column, WG_NONE, tape, node_of(y), &WG_SHAPE(4, 2), WG_E_SHAPE, (struct wg_value *)w);
    wg_section_pop();
    wg_free(w);
    return 0;
}
