/* What the parts of reinforcement learning share. */
#include "rl.h"

#include "../module/module.h"

wg_status rl_own(wg_tensor **to, const char *name, wg_tensor *made)
{
    *to = made && wg_set_name(made, name) == WG_OK ? wg_adopt(made) : NULL;
    if (*to)
        return WG_OK;
    wg_free(made);
    return nn_first_error(WG_E_MEMORY);
}
