/* Links one object per public header: no name is defined twice. */
int main(void)
{
    return 0;
}
