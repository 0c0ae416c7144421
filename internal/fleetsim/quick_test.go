package fleetsim
import ("testing";"fmt";"time")
func TestQuick(t *testing.T){
 for _,p:=range Plans(){ c:=Default(20000); c.Plan=p; b:=time.Now(); r,err:=Run(c); if err!=nil{t.Fatal(err)}; ps:=r.PerSecond; r.PerSecond=nil; fmt.Printf("%v %+v\n",time.Since(b),*r); _=ps }
}
