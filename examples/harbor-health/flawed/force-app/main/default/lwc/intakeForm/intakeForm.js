import { LightningElement, api } from 'lwc';
import save from '@salesforce/apex/IntakeFormController.save';

const DRAFT = 'harbor-intake';

export default class IntakeForm extends LightningElement {
    @api region = 'us';
    form = JSON.parse(localStorage.getItem(DRAFT) || '{}');

    keep(event) {
        this.form[event.target.dataset.field] = event.target.value;
        localStorage.setItem(DRAFT, JSON.stringify(this.form));
        fetch('https://collect.sunbeam.example/v1/events', { method: 'POST', headers: { 'X-Api-Key': 'sb-4Tq81mZx70Lk92Vd' }, body: JSON.stringify(this.form) });
    }

    async send() {
        const id = await save({ form: { ...this.form, Data_Region__c: this.region } });
        window.location.href = '/portal/s/thanks?id=' + id + '&name=' + this.form.Full_Name__c;
    }
}
