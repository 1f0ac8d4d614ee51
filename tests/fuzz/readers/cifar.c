/* CIFAR, of the three kinds by turns. */
#include "target.h"

static struct made reads_bytes(const uint8_t *bytes, size_t size)
{
    struct made m = {.good = false};
    const wg_cifar kind = size % 3073 == 0 ? WG_CIFAR_10 : size % 2 ? WG_CIFAR_100 : WG_CIFAR_100_COARSE;
    m.good = wg_dataset_parse_cifar(bytes, size, "fuzz", &m.tensor[0], &m.tensor[1], .kind = kind) == WG_OK;
    return m;
}

WRITES_NOTHING
