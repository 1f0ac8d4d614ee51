/* What the parts of reinforcement learning share. */
#include "rl.h"

#include "../module/module.h"
#include "wengert/random.h"

wg_tensor *rl_own(wg_tensor *made, const char *name)
{
    if (!made || wg_set_name(made, name) != WG_OK) {
        wg_free(made);
        return NULL;
    }
    return wg_adopt(made);
}

wg_status rl_seed(uint64_t *seed)
{
    if (*seed != WG_NO_SEED)
        return WG_OK;
    wg_tensor *generator = wg_generator_split(wg_generator_default(), 0);
    if (!generator)
        return nn_first_error(WG_E_MEMORY);
    int64_t state[4];
    const wg_status status = wg_read(generator, state);
    wg_free(generator);
    *seed = (uint64_t)state[0];
    return status;
}
