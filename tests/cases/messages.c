/* A message has one op's name in front, the one that the user wrote, and the shapes that the user gave; that memory ran out is said of an
   op, too. */
#include "case.h"

static void expect(wg_status code, const char *message)
{
    wg_error error;
    char line[400];
    wg_error_take(&error);
    const int right = error.code == code && strncmp(error.message, message, strlen(message)) == 0;
    snprintf(line, sizeof line, "%.150s%s%.200s", message, right ? "" : ": got ", right ? "" : error.message);
    is_(line, right && strncmp(error.op, message, strcspn(message, ":")) == 0);
}

int main(void)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(1, 4, 3)), *v = wg_ones(WG_F32, WG_SHAPE(4)), *logits = wg_ones(WG_F32, WG_SHAPE(2, 4));
    wg_tensor *labels = wg_from(((const int64_t[]){0, 9}), WG_SHAPE(2));
    const int64_t many = (int64_t)1 << 40;
    wg_group_norm(x, 2, .weight = v, .bias = v, .eps = -1);
    expect(WG_E_ARGUMENT, "group_norm: expected eps in [0, inf), got -1");
    wg_flip(x, 7);
    expect(WG_E_ARGUMENT, "flip: there is no axis 7 in [1, 4, 3]");
    wg_embedding(logits, labels);
    expect(WG_E_ARGUMENT, "embedding: index 9, element 1 of the indices, is not in 0..1");
    wg_cross_entropy(logits, labels);
    expect(WG_E_ARGUMENT, "cross_entropy: row 1 has label 9, which is not in 0..3");
    wg_cross_entropy(logits, wg_ones(WG_F32, WG_SHAPE(2)));
    expect(WG_E_DTYPE, "cross_entropy: expected labels of i64");
    wg_one_hot(labels, many, WG_F32);
    expect(WG_E_MEMORY, "one_hot: no memory for ");
    wg_pad(v, WG_SIZES(0), WG_SIZES(many), 0);
    expect(WG_E_MEMORY, "pad: no memory for ");
    wg_repeat(v, WG_SIZES(many));
    expect(WG_E_MEMORY, "repeat: no memory for ");
    wg_full(WG_F32, WG_SHAPE(many), 1);
    expect(WG_E_MEMORY, "full: no memory for ");
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 3, 1));
    wg_nn_apply(net, logits);
    expect(WG_E_SHAPE, "nn_linear: expected x of shape (..., 2), got [2, 4]");
    wg_nn_destroy(net);
    return end_();
}
